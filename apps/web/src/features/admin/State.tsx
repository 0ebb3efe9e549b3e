import { Dot, Pill, type DotShape, type Tone } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";

/** A state as a shape, a color and a word. */
export const State = ({ look: { label, tone, dot } }: { look: { label: string; tone: Tone; dot: DotShape } }) => (
  <Pill isBare tone={tone} icon={<Dot shape={dot} tone={tone} />}>
    {label}
  </Pill>
);

export const TimeOrNever = ({ at }: { at: string | null }) => (at === null ? "Never" : <RelativeTime at={at} />);
