import { expose } from "comlink";
import { Runtime } from "../src/runtime/runtime.ts";

expose(new Runtime());
