/** How a call looks. */
import { css } from 'lit';

export const callLook = css`
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1.25rem;
  }
  .who {
    display: grid;
    justify-items: center;
    gap: 0.25rem;
    padding-top: 0.75rem;
    text-align: center;
  }
  .who p,
  h2 {
    margin: 0;
  }
  h2 {
    max-width: 100%;
    font-size: 1.5rem;
    font-weight: 600;
    letter-spacing: -0.015em;
    overflow-wrap: anywhere;
  }
  .face {
    display: grid;
    place-items: center;
    width: 4.5rem;
    height: 4.5rem;
    margin-bottom: 0.5rem;
    border-radius: 50%;
    background: var(--key);
    color: var(--accent);
    font-size: 1.5rem;
    font-weight: 600;
  }
  /* With its keys shown, the whole call still fits a phone's screen. */
  .open {
    gap: 0.875rem;
  }
  .open .face,
  .open kiestoon-quality {
    display: none;
  }
  .open kiestoon-dialpad {
    --key-height: 2.75rem;
  }
  .incoming .face {
    animation: ring 1.6s ease-out infinite;
  }
  @keyframes ring {
    from {
      box-shadow: 0 0 0 0 color-mix(in srgb, var(--accent) 35%, transparent);
    }
    to {
      box-shadow: 0 0 0 1.25rem transparent;
    }
  }
  .state {
    color: var(--soft);
  }
  .held .state {
    color: var(--warn);
  }
  .tag {
    margin-inline-start: 0.375rem;
    padding: 0.0625rem 0.5rem;
    border-radius: 1rem;
    background: var(--warn-sheet);
    color: var(--warn);
    font-size: 0.8125rem;
  }
  .dots::after {
    display: inline-block;
    width: 1.25em;
    text-align: start;
    content: '';
    animation: dots 1.5s steps(1) infinite;
  }
  @keyframes dots {
    25% {
      content: '.';
    }
    50% {
      content: '..';
    }
    75% {
      content: '...';
    }
  }
  .time {
    font-size: 1.125rem;
    font-variant-numeric: tabular-nums;
  }
  .controls {
    display: grid;
    grid-template-columns: repeat(4, minmax(0, 1fr));
    gap: 0.25rem;
  }
  .controls button,
  .round {
    display: grid;
    justify-items: center;
    gap: 0.375rem;
    font-size: 0.75rem;
    white-space: nowrap;
    color: var(--soft);
  }
  .controls span,
  .round span {
    display: grid;
    place-items: center;
    width: 3.25rem;
    height: 3.25rem;
    border-radius: 50%;
    background: var(--key);
    color: var(--ink);
  }
  .controls [aria-pressed='false']:hover span {
    background: var(--key-over);
  }
  .controls [aria-pressed='true'] span {
    background: var(--accent);
    color: var(--accent-ink);
  }
  .end {
    display: flex;
    justify-content: space-evenly;
    padding-bottom: 0.25rem;
  }
  .round span {
    width: 4rem;
    height: 4rem;
    color: #fff;
  }
  .round:hover span {
    filter: brightness(1.08);
  }
  .stop span {
    background: var(--stop);
  }
  .go span {
    background: var(--go);
  }
  .after .main {
    white-space: nowrap;
  }
  .after {
    display: flex;
    gap: 0.625rem;
  }
  .after .quiet {
    width: auto;
    padding-inline: 1.5rem;
    background: var(--key);
    color: var(--ink);
  }
  .digits {
    min-height: 1.75rem;
    text-align: center;
    font-size: 1.25rem;
    font-variant-numeric: tabular-nums;
    letter-spacing: 0.05em;
  }
  form {
    display: grid;
    gap: 0.75rem;
  }
  @media (prefers-reduced-motion: reduce) {
    .incoming .face,
    .dots::after {
      animation: none;
    }
  }
`;
