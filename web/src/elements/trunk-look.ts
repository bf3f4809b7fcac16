/** How one trunk looks. */
import { css } from 'lit';
import { markLook } from './mark-look';

const card = css`
  article {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.875rem;
    padding: 1.25rem 1.375rem;
    border: 1px solid var(--line);
    border-radius: 1.125rem;
    background: var(--sheet);
    box-shadow: 0 1px 2px rgb(0 0 0 / 4%);
  }
  article.down {
    border-color: color-mix(in srgb, var(--stop) 45%, var(--line));
  }
  header {
    display: flex;
    align-items: center;
    gap: 0.875rem;
  }
  header > .mark {
    width: 2.5rem;
    height: 2.5rem;
  }
  .who {
    flex: 1;
    min-width: 0;
  }
  h2,
  p,
  dl,
  dd {
    margin: 0;
  }
  h2 {
    font-size: 1.1875rem;
    font-weight: 600;
    letter-spacing: -0.01em;
    overflow-wrap: anywhere;
  }
  .provider {
    display: flex;
    flex-wrap: wrap;
    column-gap: 0.5rem;
    font-size: 0.875rem;
  }
  .provider span {
    max-width: 100%;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .test {
    flex: none;
    min-height: 2.5rem;
    padding: 0.375rem 1.125rem;
    border-radius: 0.625rem;
    background: var(--key);
    color: var(--accent);
    font-weight: 600;
    font-size: 0.9375rem;
  }
  .test:hover {
    background: var(--key-over);
  }
  .state {
    display: grid;
    gap: 0.125rem;
  }
  .state b {
    font-weight: 600;
  }
  .down .state b,
  .bad {
    color: var(--stop);
  }
  .attention .state b {
    color: var(--warn);
  }
  .reason {
    font-size: 0.9375rem;
    overflow-wrap: anywhere;
  }
  .off {
    background: none;
    box-shadow: none;
  }
  .small {
    font-size: 0.8125rem;
  }
  code {
    padding: 0.125rem 0.375rem;
    border-radius: 0.375rem;
    background: var(--key);
    font-size: 0.875em;
    user-select: all;
  }
`;

const facts = css`
  dl {
    display: grid;
    grid-template-columns: repeat(3, minmax(0, 1fr));
    padding-top: 0.875rem;
    border-top: 1px solid var(--line);
  }
  dl > div {
    display: grid;
    align-content: start;
    gap: 0.125rem;
    padding-inline: 1rem;
    border-inline-start: 1px solid var(--line);
  }
  dl > div:first-child {
    padding-inline-start: 0;
    border: 0;
  }
  dt {
    color: var(--soft);
    font-size: 0.8125rem;
  }
  dd {
    font-weight: 500;
    font-variant-numeric: tabular-nums;
  }
  dd strong {
    font-weight: 600;
  }
  dd.small {
    font-weight: 400;
  }
  .gauge {
    width: 100%;
    max-width: 8rem;
    height: 0.375rem;
    margin-top: 0.3125rem;
    border-radius: 0.1875rem;
    stroke: none;
    fill: var(--key-over);
  }
  .gauge .used {
    fill: var(--accent);
  }
  .gauge.full .used {
    fill: var(--warn);
  }
  .spark {
    width: 6.125rem;
    height: 1.5rem;
    margin-top: 0.125rem;
    color: var(--accent);
    stroke-width: 1.5;
  }
  .spark .under {
    fill: color-mix(in srgb, var(--accent) 14%, transparent);
    stroke: none;
  }
  .spark circle {
    fill: var(--accent);
    stroke: none;
  }
  ul {
    display: grid;
    gap: 0.375rem;
    margin: 0;
    padding: 0.75rem 0 0;
    border-top: 1px solid var(--line);
    list-style: none;
  }
  li {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    font-size: 0.875rem;
  }
  li .mark {
    width: 1rem;
    height: 1rem;
  }
  .host {
    flex: 1;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  @media (max-width: 34rem) {
    article {
      padding: 1rem;
    }
    dl {
      grid-template-columns: minmax(0, 1fr);
      padding-top: 0.25rem;
    }
    dl > div {
      grid-template-columns: minmax(0, 1fr) auto;
      align-items: center;
      column-gap: 0.75rem;
      padding: 0.5rem 0;
      border: 0;
    }
    dl > div + div {
      border-top: 1px solid var(--line);
    }
    dt {
      grid-row: 1 / span 2;
      font-size: 0.875rem;
    }
    dd {
      grid-column: 2;
      justify-self: end;
      text-align: end;
    }
    .gauge {
      width: 6.125rem;
      margin-inline-start: auto;
    }
  }
`;

export const trunkLook = [markLook, card, facts];
