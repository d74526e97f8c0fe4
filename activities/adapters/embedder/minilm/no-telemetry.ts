// From 1.29 on the official onnxruntime tells Microsoft about models and machines, on Linux too, past the egress guard.
// It reads this when its first session is made, and threads have no environment of their own to set it in.
process.env.ORT_DISABLE_TELEMETRY = '1';

export {};
