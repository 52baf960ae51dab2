const errors = new WeakSet<object>();

/** An error of the library's own codec. Its text says what was expected and shows nothing of a message. */
export function codecError(text: string): TypeError {
  const error = new TypeError(text);
  errors.add(error);
  return error;
}

/** Whether an error may be shown: an error of a getter, of `toJSON` or of `JSON.parse` may quote the message. */
export function isCodecError(error: unknown): boolean {
  return typeof error === "object" && error !== null && errors.has(error);
}
