// oxlint-disable-next-line no-control-regex
const codes = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** A line without the codes that colour it in a terminal. */
export const plainLine = (line: string): string => line.replace(codes, "");
