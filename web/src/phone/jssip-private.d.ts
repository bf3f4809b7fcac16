/** A part of JsSIP that its own types leave out. */
declare module 'jssip/lib/Dialog/RequestSender.js' {
  export default class RequestSender {
    readonly _eventHandlers: { onErrorResponse(response: unknown): void };
    _receiveResponse(response: { readonly method: string; readonly status_code: number }): void;
  }
}
