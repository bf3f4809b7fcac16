/** How the page looks around what it shows. */
import { css } from 'lit';

export const appLook = css`
  :host {
    display: grid;
    min-height: 100dvh;
    grid-template: auto auto 1fr auto / minmax(0, 1fr);
    justify-items: center;
    background: light-dark(#eef1f0, #101514);
  }
  header,
  footer {
    width: 100%;
    max-width: 60rem;
    padding: 0.75rem 1.25rem;
    display: flex;
    align-items: center;
    gap: 0.5rem;
  }
  header b {
    margin-inline-end: auto;
    font-weight: 650;
    letter-spacing: -0.01em;
    color: var(--accent);
  }
  header:has(nav) b {
    margin-inline-end: 0.75rem;
  }
  header span {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-size: 0.875rem;
  }
  main {
    grid-row: 3;
    width: 100%;
    max-width: 24rem;
    align-self: center;
    padding: 0.5rem 1rem 1.5rem;
  }
  main.trunks,
  main.callers {
    max-width: 46rem;
    align-self: start;
  }
  .sheet[hidden] {
    display: none;
  }
  nav {
    display: flex;
    gap: 0.125rem;
    margin-inline-end: auto;
    padding: 0.1875rem;
    border-radius: 0.75rem;
    background: light-dark(#e2e8e6, #1b2423);
  }
  nav a {
    padding: 0.3125rem 0.875rem;
    border-radius: 0.5625rem;
    color: var(--soft);
    font-size: 0.9375rem;
    font-weight: 500;
    text-decoration: none;
  }
  nav a:hover {
    color: var(--ink);
  }
  nav [aria-current] {
    background: light-dark(#ffffff, #2f3d3a);
    color: var(--ink);
    box-shadow: 0 1px 2px rgb(0 0 0 / 10%);
  }
  .call {
    position: sticky;
    top: 0.5rem;
    z-index: 1;
    display: flex;
    align-items: center;
    gap: 0.75rem;
    width: calc(100% - 1.5rem);
    max-width: 44rem;
    padding: 0.625rem 0.75rem 0.625rem 1rem;
    border-radius: 0.875rem;
    background: var(--go);
    color: #fff;
    box-shadow: 0 8px 24px -12px rgb(0 0 0 / 40%);
  }
  .call span {
    flex: 1;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .call b {
    display: block;
    font-size: 0.8125rem;
    font-weight: 500;
  }
  .call button {
    flex: none;
    padding: 0.375rem 0.75rem;
    border-radius: 0.5rem;
    background: rgb(255 255 255 / 20%);
    font-size: 0.9375rem;
    font-weight: 600;
  }
  .call button:focus-visible {
    outline-color: #fff;
  }
  .sheet {
    padding: 1.5rem;
    border: 1px solid var(--line);
    border-radius: 1.125rem;
    background: var(--sheet);
    box-shadow: 0 1px 2px rgb(0 0 0 / 4%), 0 12px 32px -16px rgb(0 0 0 / 18%);
  }
  footer {
    grid-row: 4;
    justify-content: center;
    flex-wrap: wrap;
    font-size: 0.8125rem;
    color: var(--soft);
    text-align: center;
  }
  a {
    color: var(--accent);
  }
  @media (max-width: 44rem) {
    header:has(nav) {
      display: grid;
      grid-template-columns: auto minmax(0, 1fr) auto auto;
      row-gap: 0.5rem;
    }
    header span {
      text-align: end;
    }
    header nav {
      grid-area: 2 / 1 / auto / -1;
      margin: 0;
    }
    nav a {
      flex: 1;
      text-align: center;
    }
  }
  @media (max-width: 30rem) {
    main {
      padding-inline: 0.75rem;
    }
    .sheet {
      padding: 1.125rem;
    }
  }
`;
