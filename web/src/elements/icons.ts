/** The few pictures of the phone, drawn in the colour of the text around them. */
import { html, svg, type TemplateResult } from 'lit';

const PATHS = {
  call: svg`<path d="M6.6 3.5c.5-.2 1 .1 1.200.6l1.300 3.100c.2.4.1.900-.3 1.200L7.300 9.900a11.500 11.500 0 0 0 6.800 6.800l1.500-1.500c.3-.3.800-.5 1.200-.3l3.100 1.300c.5.2.8.7.6 1.200l-.8 2.400c-.2.6-.8 1-1.400.9C10.300 20 4 13.700 3.300 5.700c-.1-.6.3-1.200.9-1.400z"/>`,
  hangUp: svg`<path d="M3.200 13.600c4.900-4.600 12.700-4.600 17.600 0 .4.4.5 1 .2 1.500l-1.300 2.100c-.3.5-.9.7-1.400.4l-2.800-1.200c-.4-.2-.7-.6-.7-1.100l-.1-1.900a11 11 0 0 0-5.400 0l-.1 1.900c0 .5-.3.9-.7 1.100l-2.800 1.200c-.5.3-1.100.1-1.400-.4L3 15.100c-.3-.5-.2-1.100.2-1.500z"/>`,
  mute: svg`<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v3"/>`,
  muted: svg`<path d="M15 10V6a3 3 0 0 0-5.700-1.300M9 9.500V11a3 3 0 0 0 4.500 2.600M5.500 11.500A6.500 6.500 0 0 0 16.400 16.300M18.500 11.500c0 .8-.1 1.500-.4 2.200M12 18v3M4 4l16 16"/>`,
  hold: svg`<path d="M9 5v14M15 5v14"/>`,
  resume: svg`<path d="M8 5.500v13l10.500-6.500z"/>`,
  keypad: svg`<path d="M6 5h.01M12 5h.01M18 5h.01M6 11h.01M12 11h.01M18 11h.01M6 17h.01M12 17h.01M18 17h.01" stroke-width="3"/>`,
  transfer: svg`<path d="M4 8h13M13.500 4.500 17 8l-3.500 3.500M20 16H7M10.500 12.500 7 16l3.500 3.500"/>`,
  backspace: svg`<path d="M8.500 5.500H20v13H8.500L3.500 12zM11.500 9.500l5 5M16.500 9.500l-5 5"/>`,
  sound: svg`<path d="M4 9.500v5h3.500l4.500 4v-13l-4.500 4zM15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11"/>`,
} as const;

export type Icon = keyof typeof PATHS;

export function icon(name: Icon): TemplateResult {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true">${PATHS[name]}</svg>`;
}
