/** A number from 0 to 1, the same ones for the same seed, so that a failing run can be reproduced. */
export type Chance = () => number;
export function seeded(seed: number): Chance {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

export interface Checks {
  check(name: string, isOk: boolean, why?: string): void;
  passed(): number;
  failures(): readonly string[];
}
/** Counts passed checks and prints failed ones. */
export function createChecks(): Checks {
  let passed = 0;
  const failures: string[] = [];
  return {
    check(name, isOk, why = "") {
      if (isOk) passed += 1;
      else {
        failures.push(name);
        console.log(`FAIL ${name}${why && `: ${why}`}`);
      }
    },
    passed: () => passed,
    failures: () => failures,
  };
}
