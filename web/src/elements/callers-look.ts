/** How contacts and blocks look. */
import { css } from 'lit';

export const callersLook = css`
  h2 {
    font-size: 1.125rem;
    font-weight: 600;
  }
  .sheet {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.75rem;
    padding: 1.25rem;
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
