"""The benchmark: ``aepromo reprice`` side by side with the scripts that people write instead."""
