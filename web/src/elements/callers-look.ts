/** How contacts and blocks look. */
import { css } from 'lit';

export const callersLook = css`
  .page {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1rem;
  }
  header {
    padding-inline: 0.25rem;
  }
  h1,
  h2,
  p {
    margin: 0;
  }
  h1 {
    font-size: 1.625rem;
    font-weight: 600;
    letter-spacing: -0.02em;
    outline: none;
  }
  h2 {
    font-size: 1.125rem;
    font-weight: 600;
  }
  .sheet {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.75rem;
    padding: 1.25rem;
    border: 1px solid var(--line);
    border-radius: 1.125rem;
    background: var(--sheet);
  }
  form {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr));
    align-items: end;
    gap: 0.75rem;
    flex: 1;
  }
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem;
    padding-block: 0.5rem;
    border-top: 1px solid var(--line);
  }
  li select.field {
    width: auto;
  }
  .who {
    flex: 1 1 12rem;
    overflow-wrap: anywhere;
  }
`;
