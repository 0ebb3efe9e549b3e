/** Operator log of a driver. A pino logger fits. */
export interface RuntimeLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

const nowhere = () => {};
export const silentLog: RuntimeLog = { debug: nowhere, info: nowhere, warn: nowhere, error: nowhere };
