/** How every page looks: its heading, and the sheets below it. */
import { css } from 'lit';

export const pageLook = css`
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
  .sheet {
    border: 1px solid var(--line);
    border-radius: 1.125rem;
    background: var(--sheet);
  }
`;
