import { randomInt } from "node:crypto";

const words = [
  "amber birch bold brave brisk calm cedar clear clever cobalt coral crisp dawn early easy fair fern fresh gentle glad golden grand green happy",
  "hazel honest ivory jolly keen kind lemon light lively lucky lunar maple mellow merry mild misty neat noble north olive opal open pearl pine plain",
  "proud quick quiet rapid ready river robin rosy round royal ruby sage sandy sharp silent silver simple sleek slow smart snowy soft solar south spring",
  "steady still stone sunny swift tidy tiny topaz true velvet violet warm west wide wild willow winter wise young zesty",
].flatMap((line) => line.split(" "));
const things = [
  "anchor apple arrow badger basket beacon beaver bell boat bridge brook candle canyon castle cloud clover comet compass crane creek cricket cup deer",
  "dolphin door dove eagle elm falcon feather field finch fire forest fox garden gate goose harbor hawk heron hill horse island key kite lake lamp lark",
  "leaf lighthouse lion lynx map meadow mill moon moose mountain nest oak orchard otter owl panda path pebble pier planet plum pond quail rabbit rain reef",
  "ridge ring rose sail seal shell ship sky sparrow star stream swan table tiger tower trail tree trout tulip valley wagon wave whale wheel window wolf wren",
].flatMap((line) => line.split(" "));
const pick = (list: readonly string[]): string => list[randomInt(list.length)] ?? "plan";

/** Three words joined by `_`. */
export const planName = (): string => `${pick(words)}_${pick(words)}_${pick(things)}`;
