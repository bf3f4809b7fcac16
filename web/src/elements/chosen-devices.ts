/** The devices that were chosen here, kept for the next visit. */
type Kind = 'audioinput' | 'audiooutput';

export function chosen(kind: Kind): string | null {
  return localStorage.getItem(`kiestoon.${kind}`) || null;
}

export function choose(kind: Kind, deviceId: string): void {
  localStorage.setItem(`kiestoon.${kind}`, deviceId);
}

/** Firefox and Chromium can, Safari cannot. */
export function canChooseSpeaker(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}
