export { Bead } from "./Bead.tsx";
export { Thread, ThreadItem } from "./Thread.tsx";
export { ThreadSlider, type SliderPoint } from "./ThreadSlider.tsx";
export type { BeadKind, BeadTone, LineKind, ThreadPoint } from "./thread.types.ts";
