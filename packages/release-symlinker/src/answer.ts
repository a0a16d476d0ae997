/** What answers at once where the system does, and by a promise where it takes long or others are to have a turn. */
export type Answer<T> = T | Promise<T>

/** Goes on with an answer, at once where it is there: of thousands of files, few need a promise. */
export function andThen<T, U>(answer: Answer<T>, next: (value: T) => Answer<U>): Answer<U> {
  return answer instanceof Promise ? answer.then(next) : next(answer)
}
