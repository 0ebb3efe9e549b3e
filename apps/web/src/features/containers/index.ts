export { ContainerDot, containerLook, crashLabel } from "./ContainerDot.tsx";
export { ContainerSettings } from "./ContainerSettings.tsx";
export { canStart, canStop, type ContainerActs, useContainerActs } from "./use-container-acts.ts";
