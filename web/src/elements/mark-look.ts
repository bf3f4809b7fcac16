/** How the marks of states look: full plates for what is sure, rings for what is not. */
import { css } from 'lit';

export const markLook = css`
  .mark {
    flex: none;
    stroke-width: 2;
  }
  .mark .plate {
    fill: currentColor;
    stroke: none;
  }
  .mark .sign {
    stroke: light-dark(#ffffff, #101514);
    stroke-width: 2.25;
  }
  .mark .dashed {
    stroke-dasharray: 3.5 2.78;
  }
  .mark.up,
  .mark.ok {
    color: var(--go);
  }
  .mark.attention,
  .mark.warning {
    color: light-dark(#b87400, #e0b45c);
  }
  .mark.down,
  .mark.failed {
    color: var(--stop);
  }
  .mark.unknown,
  .mark.unheard,
  .mark.off,
  .mark.skipped {
    color: var(--soft);
  }
`;
