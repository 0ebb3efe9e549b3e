import { quantile } from "../report.ts";

/** Times of one kind of action, in milliseconds, and how often it failed. */
export interface Measurement {
  times: number[];
  failures: Map<string, number>;
}

/** What simulated people measured in one phase. */
export class Measurements {
  private readonly kinds = new Map<string, Measurement>();

  private of(kind: string): Measurement {
    let measurement = this.kinds.get(kind);
    if (!measurement) this.kinds.set(kind, (measurement = { times: [], failures: new Map() }));
    return measurement;
  }
  add(kind: string, ms: number): void {
    this.of(kind).times.push(ms);
  }
  fail(kind: string, error: unknown): void {
    const { failures } = this.of(kind);
    const reason = `${kind}: ${error instanceof Error ? `${error.name} ${error.message}` : String(error)}`.slice(0, 200);
    failures.set(reason, (failures.get(reason) ?? 0) + 1);
  }
  /** Measures an action. Its failure is counted, and the result is undefined. */
  async time<T>(kind: string, action: () => Promise<T>): Promise<T | undefined> {
    const started = performance.now();
    try {
      const result = await action();
      this.add(kind, performance.now() - started);
      return result;
    } catch (error) {
      this.fail(kind, error);
      return undefined;
    }
  }
  count(kind: string): number {
    return this.kinds.get(kind)?.times.length ?? 0;
  }
  quantile(kind: string, q: number): number {
    return quantile(this.kinds.get(kind)?.times ?? [], q);
  }
  failures(): [reason: string, count: number][] {
    return [...this.kinds.values()].flatMap(({ failures }) => [...failures]);
  }
  failed(): number {
    return this.failures().reduce((sum, [, count]) => sum + count, 0);
  }
}
