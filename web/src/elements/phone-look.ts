/** How the phone looks around its call. */
import { css } from 'lit';

export const phoneLook = css`
  .phone,
  form {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1rem;
  }
  .status {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    min-height: 2.25rem;
    font-size: 0.875rem;
    color: var(--soft);
  }
  .extension,
  .status .plain:not(.picture) {
    margin-inline-start: auto;
  }
  .extension {
    color: var(--ink);
    font-weight: 500;
  }
  .lamp {
    width: 0.5rem;
    height: 0.5rem;
    border-radius: 50%;
    background: var(--warn);
  }
  .lamp.registered {
    background: var(--go);
  }
  .lamp.failed,
  .lamp.offline {
    background: var(--stop);
  }
  .picture {
    padding: 0.375rem;
  }
  .picture svg {
    width: 1.25rem;
    height: 1.25rem;
  }
  .calm {
    background: var(--key);
    border-color: var(--accent);
  }
  .number {
    display: flex;
    align-items: center;
    border-bottom: 1px solid var(--line);
  }
  .number:focus-within {
    border-color: var(--accent);
  }
  .number input {
    flex: 1;
    min-width: 0;
    height: 3.25rem;
    padding: 0 0.25rem;
    border: 0;
    background: none;
    font-size: 1.625rem;
    font-variant-numeric: tabular-nums;
    letter-spacing: 0.01em;
    outline: none;
  }
  .number input::placeholder {
    color: var(--soft);
    font-size: 1.0625rem;
    letter-spacing: 0;
  }
  .number [hidden] {
    visibility: hidden;
    display: block;
  }
  .call {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: 0.5rem;
    height: 3.25rem;
    border-radius: 0.75rem;
    background: var(--go);
    color: #fff;
    font-weight: 600;
  }
  .call:hover:enabled {
    filter: brightness(1.06);
  }
  .call:disabled {
    background: var(--key);
    color: var(--soft);
    opacity: 1;
  }
  kiestoon-devices {
    padding-top: 1rem;
    border-top: 1px solid var(--line);
  }
`;
