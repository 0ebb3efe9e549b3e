export { ContainerDot, containerLook, crashLabel } from "./ContainerDot.tsx";
export { ContainerSettings } from "./ContainerSettings.tsx";
export { canStart, canStop, type ContainerActions, useContainerActions } from "./use-container-actions.ts";
