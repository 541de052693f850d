using Flip.Io;

namespace Flip.Conversion;

public static class TensorSources
{
    public static ITensorSource Open(string path) => new SafetensorsReader(path);

    public static bool IsFlaxFolder(string path) => false;
}
