export { addressProblem } from "./import-source.ts";
export { ImportButton } from "./ImportButton.tsx";
export { nameOf } from "./project-name.ts";
export { statusLookOf } from "./project-status.ts";
export { ProjectCard, ProjectCardSkeletons, projectGrid } from "./ProjectCard.tsx";
export { ProjectPill } from "./ProjectPill.tsx";
export { AutoFixSwitch } from "./settings/AutoFixSwitch.tsx";
export { useProjectOutPalette } from "./use-project-out.tsx";
export { useProjectsPaletteSource } from "./use-projects-palette.tsx";
