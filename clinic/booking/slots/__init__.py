"""Pure slot rules: availability, buffers, daily limits, notice and horizon, open slots."""
