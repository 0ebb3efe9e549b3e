export {
  CassetteError,
  endOf,
  eventsOf,
  readCassette,
  writeCassette,
  type Cassette,
  type CassetteEvent,
  type CassetteLine,
} from "./cassette.ts";
export { recordRun, type Recording, type RecorderOptions } from "./record.ts";
export { forkCassette, replayCassette, type Fork, type Replay } from "./replay.ts";
