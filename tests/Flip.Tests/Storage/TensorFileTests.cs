using Flip.Conversion;
using Flip.Storage;
using Flip.Tests.Cli;

namespace Flip.Tests.Storage;

public sealed class TensorFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a.safetensors")]
    [InlineData("a.bin")]
    [InlineData("a.pt")]
    [InlineData("a.msgpack")]
    public void A_pipe_in_place_of_weights_is_refused_and_not_waited_for(string name)
    {
        Bystander.MakePipe(_folder.File(name));
        var error = Assert.Throws<CheckpointFormatException>(() => ModelSource.Open(_folder.File(name)));
        Assert.Contains("a pipe, device or socket", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    public void So_is_one_in_a_model_s_folder(string name)
    {
        TinyModel.Save(_folder.File("model"));
        var path = Path.Combine(_folder.File("model"), name);
        File.Delete(path);
        Bystander.MakePipe(path);
        var error = Assert.ThrowsAny<FlipException>(() =>
        {
            using var loaded = ModelSource.Load(_folder.File("model"));
            return loaded.Tokenizer;
        });
        Assert.Contains("a pipe, device or socket", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_s_folder_without_its_configuration_takes_none_from_outside()
    {
        TinyModel.Save(_folder.File("a/b/model"));
        File.Move(_folder.File("a/b/model/config.json"), _folder.File("a/config.json"));
        var error = Assert.Throws<CheckpointFormatException>(() => ModelFolder.Open(_folder.File("a/b/model")));
        Assert.Contains("holds no model", error.Message, StringComparison.Ordinal);
    }
}
