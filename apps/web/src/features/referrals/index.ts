export { forgetArrival, noteArrival, readArrival } from "./arrival.ts";
