/** The pages there are, and where each is. */
export const PAGES = ['phone', 'trunks', 'callers'] as const;
export type PageName = (typeof PAGES)[number];
export const PATHS: Readonly<Record<PageName, string>> = { phone: '/', trunks: '/trunks', callers: '/callers' };

/** The page at a path; the phone where there is none of its own. */
export function pageOf(path: string): PageName {
  return PAGES.find((page) => PATHS[page] === path) ?? 'phone';
}
