import { cloneElement, isValidElement, type ComponentProps, type ReactNode } from "react";

/** The same icon at the size of menus and lists. */
export const smallIcon = (icon: ReactNode): ReactNode =>
  isValidElement<{ size?: number }>(icon) ? cloneElement(icon, { size: 14 }) : icon;

const stroke = { fill: "none", stroke: "currentColor", strokeWidth: 1.5, strokeLinecap: "round", strokeLinejoin: "round" } as const;

/** Two plain bars: what asks a person. The library's own pause is two boxes. */
export const PauseBars = ({ size = 16, ...rest }: ComponentProps<"svg"> & { size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" {...stroke} {...rest}>
    <path d="M5.5 3.5v9M10.5 3.5v9" />
  </svg>
);

/** The thread as an icon: timeline, history. */
export const ThreadIcon = ({ size = 16, ...rest }: ComponentProps<"svg"> & { size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" {...stroke} {...rest}>
    <path d="M8 1.5v3M8 7.5v1.5M8 12v2.5" />
    <circle cx="8" cy="6" r="1.5" />
    <rect x="6.5" y="9" width="3" height="3" rx=".6" transform="rotate(45 8 10.5)" />
  </svg>
);
