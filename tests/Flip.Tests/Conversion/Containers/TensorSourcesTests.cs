using System.Text.Json;
using Flip.Conversion.Containers;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion.Containers;

public sealed class TensorSourcesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Content_decides_whatever_the_name()
    {
        SafetensorsWriter.Write(_folder.File("a.bin"), [("w", ones(2))]);
        TorchFile.Save(_folder.File("b.safetensors"), [("w", ones(2))]);
        File.WriteAllBytes(_folder.File("c.pt"), FlaxFiles.MessagePack(new Dictionary<string, object?> { ["w"] = ones(2) }));
        File.WriteAllText(_folder.File("d"), "  " + JsonSerializer.Serialize(new { weight_map = new { w = "a.bin" } }));
        Assert.IsType<SafetensorsReader>(Opened("a.bin"));
        Assert.IsType<TorchArchive>(Opened("b.safetensors"));
        Assert.IsType<FlaxCheckpoint>(Opened("c.pt"));
        Assert.IsType<ShardedWeights>(Opened("d"));

        ITensorSource Opened(string name)
        {
            using var source = TensorSources.Open(_folder.File(name));
            TorchFile.AssertSame(ones(2), source, "w");
            return source;
        }
    }

    [Fact]
    public void A_folder_is_a_T5X_checkpoint_or_a_model_of_Hugging_Face()
    {
        File.WriteAllBytes(_folder.File("flax_model.msgpack"), FlaxFiles.MessagePack(new Dictionary<string, object?> { ["w"] = ones(2) }));
        Assert.IsType<FlaxCheckpoint>(Opened());
        TorchFile.Save(_folder.File("pytorch_model.bin"), [("w", ones(2))]);
        Assert.IsType<TorchArchive>(Opened());
        File.Move(_folder.File("pytorch_model.bin"), _folder.File("epoch_3.pt"));
        File.Move(_folder.File("flax_model.msgpack"), _folder.File("other.msgpack"));
        Assert.IsType<TorchArchive>(Opened()); // the only file of weights, whatever its name
        File.Copy(_folder.File("epoch_3.pt"), _folder.File("epoch_4.pt"));
        Assert.Contains("epoch_4.pt", Assert.Throws<CheckpointFormatException>(Opened).Message, StringComparison.Ordinal);
        File.Move(_folder.File("other.msgpack"), _folder.File("flax_model.msgpack"));
        SafetensorsWriter.Write(_folder.File("x.safetensors"), [("w", ones(2))]);
        File.WriteAllText(_folder.File("model.safetensors.index.json"), """{"weight_map":{"w":"x.safetensors"}}""");
        Assert.IsType<ShardedWeights>(Opened());
        SafetensorsWriter.Write(_folder.File("model.safetensors"), [("w", ones(2))]);
        Assert.IsType<SafetensorsReader>(Opened());
        Directory.CreateDirectory(_folder.File("checkpoint_3"));
        File.Copy(_folder.File("flax_model.msgpack"), _folder.File("checkpoint_3/checkpoint"));
        Assert.IsType<FlaxCheckpoint>(Opened());

        ITensorSource Opened()
        {
            using var source = TensorSources.Open(_folder.Path);
            return source;
        }
    }

    [Theory]
    [InlineData("", "has no bytes: it is empty")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0", "pointer of Git LFS")]
    [InlineData("<!DOCTYPE html>", "web page")]
    [InlineData("plain text", "neither safetensors")]
    [InlineData("{\"a\":1}", "no object 'weight_map'")]
    [InlineData("PK\u0003\u0004", "no zip archive")]
    public void What_is_none_of_these_is_named(string content, string expected)
    {
        File.WriteAllText(_folder.File("x"), content);
        var error = Assert.Throws<CheckpointFormatException>(() => TensorSources.Open(_folder.File("x")));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(_folder.File("x"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pickles_and_cut_files_are_named()
    {
        Refused([0x80, 2, (byte)'}', (byte)'.'], "bare Python pickle");
        Refused([0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'], "ends too early");
        Refused([0x1f, 0x8b, 8, 0], "gzip");
        SafetensorsWriter.Write(_folder.File("x"), [("w", ones(2))]);
        Refused(File.ReadAllBytes(_folder.File("x"))[..20], "cut");
        Assert.Contains("holds no weights", Assert.Throws<CheckpointFormatException>(() => TensorSources.Open(_folder.Path)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => TensorSources.Open(_folder.File("not there")));

        void Refused(byte[] content, string expected)
        {
            File.WriteAllBytes(_folder.File("x"), content);
            Assert.Contains(expected, Assert.Throws<CheckpointFormatException>(() => TensorSources.Open(_folder.File("x"))).Message, StringComparison.Ordinal);
        }
    }
}
