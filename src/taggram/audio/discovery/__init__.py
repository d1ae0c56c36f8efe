"""Where audio files are: in folders, in playlists, on object stores and web servers."""
