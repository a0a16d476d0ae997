/** What goes wrong with a call. */
export type Fault =
  /** It is refused before it does anything. `status` is what AWS uses with that code, where that is known, or else 400. */
  | {
      readonly kind: 'error'
      readonly code: string
      readonly message?: string | undefined
      readonly status?: number | undefined
    }
  /** It is refused as one too many: SlowDown with 503 of S3, ThrottlingException with 400 of the others. */
  | { readonly kind: 'throttled' }
  /** It waits, by the clock of the server, and then does what it should. */
  | { readonly kind: 'delayed'; readonly delayMs: number }
  /** The connection is cut while the body is sent, after so many bytes of it (default 0); nothing is done. */
  | { readonly kind: 'cut-request'; readonly afterBytes?: number | undefined }
  /** The call takes effect, and the connection is cut in the middle of the answer's body (default: after half of it). */
  | { readonly kind: 'cut-answer'; readonly afterBytes?: number | undefined }
  /** The call takes effect, and its answer is half as long as it should be, with a Content-Length that agrees. */
  | { readonly kind: 'truncated' }
  /** The call takes effect, and one byte in the middle of its answer is another. */
  | { readonly kind: 'corrupt' }
  /** A page of HTML, as from a proxy, in the place of an answer (default status 503); nothing is done. */
  | { readonly kind: 'html'; readonly status?: number | undefined }
  /** The call takes effect, and the connection is cut before a byte of the answer is sent. */
  | { readonly kind: 'lost-reply' }

/** A fault on order. */
export interface FaultRule {
  /** `GetObject`, `s3:GetObject`, `s3:*` or `*`. */
  readonly action: string
  /** An ARN or a name as `calls` shows it, with `*` and `?`. Default: any. */
  readonly resource?: string | undefined
  /** The first call that it meets, counted from 1 since it was added. Default: 1, the next one. */
  readonly nth?: number | undefined
  /** How many calls it meets, one after the other. Default: 1. */
  readonly times?: number | undefined
  readonly fault: Fault
}

/** Faults by chance, the same for the same seed and the same order of calls. */
export interface FaultStorm {
  readonly seed: number
  /** The share of calls that meet a fault, 0 to 1. */
  readonly rate: number
  /** Default: every action. */
  readonly actions?: readonly string[] | undefined
  /** What may happen. Default: throttled, InternalError, a cut request, a cut answer, an HTML page, a lost reply. */
  readonly faults?: readonly Fault[] | undefined
}

/** A rule or a storm that was ordered. */
export interface OrderedFault {
  /** How many calls met it so far. */
  readonly hits: number
  /** Takes it back. */
  readonly remove: () => void
}

/** Where faults are ordered. */
export interface Faults {
  readonly add: (rule: FaultRule) => OrderedFault
  readonly storm: (storm: FaultStorm) => OrderedFault
  /** Takes all of them back. */
  readonly clear: () => void
}

/** A call as rules see it. */
export interface NamedCall {
  readonly service: string
  readonly action: string
  readonly resource: string | undefined
}
