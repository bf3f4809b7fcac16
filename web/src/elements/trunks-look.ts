/** How the page of the trunks looks around them. */
import { css } from 'lit';

export const trunksLook = css`
  .list {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1rem;
  }
  header {
    display: flex;
    align-items: flex-end;
    flex-wrap: wrap;
    justify-content: space-between;
    gap: 0.5rem 1rem;
  }
  .summary {
    display: flex;
    align-items: center;
    gap: 0.625rem;
    font-weight: 500;
    font-size: 0.9375rem;
  }
  .dots {
    display: flex;
    gap: 3px;
  }
  .dots i {
    width: 0.375rem;
    height: 1.125rem;
    border-radius: 0.1875rem;
    background: var(--line);
  }
  .dots .up {
    background: var(--go);
  }
  .dots .attention {
    height: 0.8125rem;
    align-self: end;
    background: light-dark(#b87400, #e0b45c);
  }
  .dots .down {
    height: 0.4375rem;
    align-self: end;
    background: var(--stop);
  }
  .stale {
    opacity: 0.55;
  }
  .empty {
    display: grid;
    justify-items: center;
    gap: 0.75rem;
    padding: 3rem 1.5rem;
    text-align: center;
  }
  .empty h2 {
    font-size: 1.25rem;
    font-weight: 600;
  }
  .empty p {
    max-width: 26rem;
  }
  .unplugged {
    width: 8rem;
    height: 4rem;
    margin-bottom: 0.25rem;
    color: var(--soft);
    stroke-width: 2;
  }
  .unplugged .spark {
    color: var(--accent);
    stroke: var(--accent);
  }
  code {
    max-width: 100%;
    padding: 0.5rem 0.875rem;
    border-radius: 0.5rem;
    background: var(--key);
    font-size: 0.9375rem;
    overflow-wrap: anywhere;
    user-select: all;
  }
  a {
    color: var(--accent);
  }
`;
