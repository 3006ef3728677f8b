/** Lets at most `width` through at a time; the rest wait in line. */
export interface Gate {
  /** Waits for a place; the returned function gives it back (once). */
  enter(): Promise<() => void>;
  /** Never wider again: some servers allow only one session per connection. */
  narrow(width: number): void;
  readonly inside: number;
  /** Whoever enters now has to wait. */
  readonly full: boolean;
}

export function gate(initialWidth: number): Gate {
  let width = initialWidth;
  let inside = 0;
  const waiting: (() => void)[] = [];

  function admit(): void {
    while (inside < width && waiting.length > 0) {
      inside += 1;
      waiting.shift()!();
    }
  }

  return {
    async enter() {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        admit();
      });
      let left = false;
      return () => {
        if (left) return;
        left = true;
        inside -= 1;
        admit();
      };
    },
    narrow(to) {
      width = Math.min(width, to);
    },
    get inside() {
      return inside;
    },
    get full() {
      return inside >= width || waiting.length > 0;
    },
  };
}
