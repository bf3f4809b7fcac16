/** How a test looks: a ladder, each rung at its mark. */
import { css } from 'lit';
import { markLook } from './mark-look';

const ladder = css`
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.875rem;
    padding-top: 0.875rem;
    border-top: 1px solid var(--line);
  }
  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    min-height: 2rem;
  }
  h3,
  h4,
  p,
  ol,
  dl,
  dd,
  figure {
    margin: 0;
  }
  h3 {
    display: flex;
    align-items: center;
    gap: 0.75rem;
    font-size: 1rem;
    font-weight: 600;
    outline: none;
  }
  h4 {
    margin-bottom: 0.625rem;
    font-size: 0.875rem;
    font-weight: 600;
    color: var(--soft);
    overflow-wrap: anywhere;
  }
  ol {
    padding: 0;
    list-style: none;
  }
  ol + h4 {
    margin-top: 0.75rem;
  }
  li {
    position: relative;
    display: grid;
    grid-template-columns: 1.5rem minmax(0, 1fr);
    gap: 0.75rem;
    padding-bottom: 1rem;
    animation: rung 0.25s ease-out;
  }
  /* The rail from this mark to the next one. */
  li:not(:last-child)::before {
    content: '';
    position: absolute;
    inset: 1.75rem auto 0.25rem calc(0.75rem - 1px);
    width: 2px;
    border-radius: 1px;
    background: var(--line);
  }
  li:last-child {
    padding-bottom: 0;
  }
  @keyframes rung {
    from {
      opacity: 0;
      transform: translateY(-0.25rem);
    }
  }
  .what {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.25rem;
  }
  .title {
    display: flex;
    align-items: baseline;
    min-height: 1.5rem;
  }
  .title b {
    font-weight: 600;
  }
  .time {
    margin-inline-start: auto;
    font-size: 0.8125rem;
    font-variant-numeric: tabular-nums;
  }
  .found {
    font-size: 0.9375rem;
    overflow-wrap: anywhere;
  }
  .skipped .title b,
  .skipped .found {
    color: var(--soft);
    font-weight: 400;
  }
  .advice {
    margin-block: 0.25rem;
    padding: 0.625rem 0.75rem;
    border-radius: 0.5rem;
    border-inline-start: 3px solid var(--warn);
    background: var(--warn-sheet);
    font-size: 0.9375rem;
    overflow-wrap: anywhere;
  }
  .failed .advice {
    border-color: var(--stop);
    background: color-mix(in srgb, var(--stop) 9%, var(--sheet));
  }
`;

const closer = css`
  summary {
    width: fit-content;
    padding: 0.125rem 0;
    border-radius: 0.25rem;
    color: var(--soft);
    font-size: 0.8125rem;
    cursor: pointer;
  }
  summary:hover {
    color: var(--ink);
  }
  details dl {
    display: grid;
    gap: 0.125rem;
    padding: 0.375rem 0 0.375rem 1rem;
    font-size: 0.8125rem;
  }
  details dl div {
    display: grid;
    grid-template-columns: minmax(5rem, 9rem) minmax(0, 1fr);
    gap: 0.5rem;
  }
  dt {
    color: var(--soft);
  }
  dd {
    overflow-wrap: anywhere;
  }
  figure {
    padding-block: 0.375rem;
  }
  figcaption {
    margin-bottom: 0.25rem;
    color: var(--soft);
    font-size: 0.8125rem;
  }
  pre {
    margin: 0;
    max-height: 18rem;
    padding: 0.625rem 0.75rem;
    overflow: auto;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    border-radius: 0.5rem;
    background: var(--key);
    font-size: 0.75rem;
    line-height: 1.5;
  }
  .sent pre {
    border-inline-start: 2px solid var(--accent);
  }
  .received pre {
    border-inline-start: 2px solid var(--soft);
  }
`;

const further = css`
  .busy {
    display: flex;
    align-items: center;
    gap: 0.75rem;
    min-height: 1.5rem;
    color: var(--soft);
  }
  .turning {
    width: 1.5rem;
    height: 1.5rem;
    border: 2px solid var(--line);
    border-top-color: var(--accent);
    border-radius: 50%;
    animation: turn 0.9s linear infinite;
  }
  @keyframes turn {
    to {
      transform: rotate(1turn);
    }
  }
  .waiting {
    padding: 0.875rem;
    border-radius: 0.75rem;
    background: var(--key);
    color: var(--ink);
  }
  .left {
    flex: none;
    width: 2.75rem;
    height: 2.75rem;
    color: var(--accent);
    stroke-width: 3;
    stroke-linecap: butt;
  }
  .left .whole {
    stroke: var(--key-over);
  }
  form {
    display: grid;
    gap: 0.875rem;
    padding: 1rem;
    border-radius: 0.75rem;
    background: var(--key);
  }
  form h4 {
    margin: 0;
    color: var(--ink);
  }
  .choice {
    display: flex;
    align-items: flex-start;
    gap: 0.625rem;
  }
  .choice input {
    flex: none;
    width: 1.125rem;
    height: 1.125rem;
    margin: 0.1875rem;
    accent-color: var(--accent);
  }
  .small {
    font-size: 0.8125rem;
  }
  form .main {
    justify-self: start;
    width: auto;
    padding-inline: 1.5rem;
  }
  @media (max-width: 34rem) {
    form .main {
      width: 100%;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    li,
    .turning {
      animation: none;
    }
  }
`;

export const ladderLook = [markLook, ladder, closer, further];
