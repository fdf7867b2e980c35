// Runs a TypeScript program of this repository: `node tools/run.js path/to/program.ts [arguments]`.
// Vite transforms it, so a program may import the library's sources, shaders included.
import { runnerImport } from "vite";

const [program, ...rest] = process.argv.slice(2);
process.argv = [process.argv[0], program, ...rest];
await runnerImport(`/${program}`, { configFile: false, logLevel: "error" });
