/** Whoever can move money to creators. Each `key` moves money once, however often and whenever it is asked again. */
export interface Bank {
  /** False: `payments_not_configured` from everything else. */
  readonly isOn: boolean;
  /** Opens an account for somebody, once. Resolves with its id. */
  open(user: { id: string; email: string }): Promise<string>;
  /** A page on which its owner says who they are and where the money goes. */
  onboarding(accountId: string): Promise<string>;
  /** Money can arrive there. */
  isReady(accountId: string): Promise<boolean>;
  /** `isRepeat`: it may have been sent already; then that one is found. Throws `stripe_error`. */
  send(order: {
    key: string;
    account_id: string;
    amount_cents: number;
    metadata: Record<string, string>;
    isRepeat: boolean;
  }): Promise<string>;
  /** Takes back a part of what was sent. */
  takeBack(order: { key: string; transfer_id: string; amount_cents: number }): Promise<void>;
  /** Of an error of these: nothing was moved, and asking again will not help. */
  isRefusal(error: unknown): boolean;
}
