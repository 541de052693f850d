using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Flip.Tests.Data.Images;

/// <summary>One image of the preprocessing fixtures with the tensors that the reference implementations made of it.</summary>
internal sealed class PreprocessFixture
{
    private readonly byte[] _file;
    private readonly int _dataStart;
    private readonly JsonElement _header;

    private PreprocessFixture(string name, byte[] image, byte[] file)
    {
        Name = name;
        Image = image;
        _file = file;
        _dataStart = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        _header = JsonDocument.Parse(file.AsMemory(8, _dataStart - 8)).RootElement;
    }

    public string Name { get; }

    public byte[] Image { get; }

    /// <summary>A fixture by the name of its image file; skips the test where the fixtures are missing.</summary>
    public static PreprocessFixture Load(string file)
    {
        var folder = SharedData.Require("parity/preprocess");
        return new PreprocessFixture(
            file,
            File.ReadAllBytes(Path.Combine(folder, "images", file)),
            File.ReadAllBytes(Path.Combine(folder, Path.ChangeExtension(file, ".safetensors"))));
    }

    public byte[] Bytes(string tensor) => Raw(tensor).ToArray();

    public float[] Floats(string tensor) => MemoryMarshal.Cast<byte, float>(Raw(tensor)).ToArray();

    private ReadOnlySpan<byte> Raw(string tensor)
    {
        var offsets = _header.GetProperty(tensor).GetProperty("data_offsets");
        return _file.AsSpan(_dataStart)[offsets[0].GetInt32()..offsets[1].GetInt32()];
    }
}
