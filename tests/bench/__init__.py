"""The benchmark: ``aepromo reprice`` compared with scripts that people write instead."""
