/** What a job of a lane works with. */
export interface LaneContext<Message> {
  /** Tells the caller something while the job goes on. */
  readonly post: (message: Message) => void
  /** Whether the caller wants no more of it: the job ends as soon as it can, its answer is thrown away. */
  readonly stopped: () => boolean
}

/**
 * A job of a lane: synchronous, because a worker thread has nothing else to do and Node's synchronous calls are the fast
 * ones. It yields now and then, so that a lane in the caller's own thread can give that thread back.
 */
export type LaneHandler<Job, Message, Answer> = (
  job: Job,
  context: LaneContext<Message>,
) => Generator<void, Answer, void>

/** What is asked of a lane's thread: to do a job, or to do what comes before the first job of a kind. */
export type LaneRequest =
  | { readonly type: 'run'; readonly kind: string; readonly job: unknown }
  | { readonly type: 'prepare'; readonly kind: string }

/**
 * A failure on its way to the caller's thread: an error of the catalogue comes as its code and context, one of the system
 * with the facts that a copy of an error loses.
 */
export type LaneFailure =
  | { readonly code: string; readonly context: unknown; readonly cause: SentError | undefined }
  | { readonly error: SentError }

/** An error in the form in which threads send it. */
export interface SentError {
  readonly error: unknown
  readonly facts: { readonly code?: string | undefined; readonly syscall?: string | undefined }
}

/** What a lane's thread says. */
export type LaneReply =
  | { readonly type: 'message'; readonly message: unknown }
  | { readonly type: 'answer'; readonly answer: unknown }
  | { readonly type: 'failure'; readonly failure: LaneFailure }
