/** A command that ends with an exit code of its own; the script around it decides what that means. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: number;

  constructor(code: number, stderr: string) {
    super(stderr);
    this.code = code;
  }
}
