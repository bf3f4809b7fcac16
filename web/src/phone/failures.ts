/** Why something did not work, as reasons that the texts explain. From SIP codes, media errors and HTTP problems. */
export type FailureCode =
  | 'no_microphone'
  | 'microphone_refused'
  | 'microphone_busy'
  | 'insecure_page'
  | 'no_network'
  | 'server_away'
  | 'wrong_password'
  | 'too_many_attempts'
  | 'no_extension'
  | 'session_over'
  | 'registration_refused'
  | 'bad_number'
  | 'busy'
  | 'not_found'
  | 'rejected'
  | 'no_answer'
  | 'unavailable'
  | 'not_allowed'
  | 'media'
  | 'call_lost'
  | 'transfer'
  | 'overloaded'
  | 'sidecar_away'
  | 'pbx_away'
  | 'not_admin'
  | 'trunk_gone'
  | 'test_refused'
  | 'test_broken_off'
  | 'refused'
  | 'exists'
  | 'gone'
  | 'unknown';

/** A failure with what its sentence names: `seconds` to wait, or the `detail` of an unknown one. */
export interface Failure {
  readonly code: FailureCode;
  readonly seconds?: number;
  readonly detail?: string;
}

export class PhoneError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.detail ?? failure.code);
  }
}

/** What anything thrown comes to. */
export function failureOf(error: unknown): Failure {
  if (error instanceof PhoneError) return error.failure;
  return { code: 'unknown', detail: error instanceof Error ? error.message : String(error) };
}

/** A final response to an INVITE (RFC 3261 section 21), or null where the call was merely cancelled. */
export function failureOfStatus(status: number, reason = ''): Failure | null {
  if (status === 487) return null;
  const code = BY_STATUS[status];
  if (code) return { code };
  if (status >= 500 && status < 600) return { code: 'overloaded' };
  return { code: 'unknown', detail: `${status} ${reason}`.trim() };
}

/** What getUserMedia says (Media Capture and Streams, section 10.3). */
export function failureOfMicrophone(error: unknown): Failure {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { code: 'no_microphone' };
    case 'NotAllowedError':
    case 'SecurityError':
      return { code: 'microphone_refused' };
    case 'NotReadableError':
    case 'AbortError':
      return { code: 'microphone_busy' };
    default:
      return { code: 'unknown', detail: name || String(error) };
  }
}

const BY_STATUS: Readonly<Record<number, FailureCode>> = {
  400: 'bad_number',
  401: 'registration_refused',
  403: 'not_allowed',
  404: 'not_found',
  407: 'registration_refused',
  408: 'no_answer',
  410: 'not_found',
  415: 'media',
  480: 'unavailable',
  481: 'call_lost',
  484: 'bad_number',
  486: 'busy',
  488: 'media',
  502: 'unavailable',
  503: 'overloaded',
  504: 'unavailable',
  600: 'busy',
  603: 'rejected',
  604: 'not_found',
  606: 'media',
  607: 'rejected',
};
