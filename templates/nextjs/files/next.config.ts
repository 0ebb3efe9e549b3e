import type { NextConfig } from "next";

const config: NextConfig = {
  // The preview reaches this server through a proxy under names of its own; without this, hot updates are refused to them.
  allowedDevOrigins: ["**.*"],
};

export default config;
