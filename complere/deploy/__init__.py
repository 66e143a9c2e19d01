"""What a deployment needs beside the code: image, proxy, secrets, health."""
