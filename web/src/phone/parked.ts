/** A call in progress, written down so that the page, once reloaded, takes it up again: an INVITE with Replaces. */
import type { CallView } from './state';

/** The dialog as we name it: our tag is local. */
export interface DialogId {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
}

export interface ParkedCall extends Pick<CallView, 'direction' | 'number' | 'name' | 'muted'> {
  readonly dialog: DialogId;
  readonly answeredAt: number;
  /** Who it belongs to: another user on this machine has no part in it. */
  readonly uri: string;
  /** When it was last known to be alive. */
  readonly seenAt: number;
}

/** How long the PBX keeps a call whose browser is gone. */
export const PARKED_MS = 60_000;

export class ParkingSpace {
  constructor(private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>) {}

  keep(call: ParkedCall): void {
    this.storage.setItem(KEY, JSON.stringify(call));
  }

  clear(): void {
    this.storage.removeItem(KEY);
  }

  /** The call of `uri`, unless the PBX has let go of it by `now`. Another user's is forgotten. */
  find(uri: string | null, now: number): ParkedCall | null {
    try {
      const call = JSON.parse(this.storage.getItem(KEY) ?? 'null') as ParkedCall | null;
      if (call && (uri === null || call.uri === uri) && now - call.seenAt < PARKED_MS && call.dialog.callId)
        return call;
    } catch {
      // Not ours, or of another version.
    }
    this.clear();
    return null;
  }
}

/** RFC 3891 section 3: the tags as seen by who receives it, for whom ours is the remote one. */
export function replacesHeader({ callId, localTag, remoteTag }: DialogId): string {
  return `Replaces: ${callId};to-tag=${remoteTag};from-tag=${localTag}`;
}

const KEY = 'kiestoon.call';
