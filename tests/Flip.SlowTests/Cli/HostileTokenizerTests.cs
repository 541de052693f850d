using System.IO.Compression;
using Flip.Tests;
using Flip.Tests.Cli;
using Flip.Tests.Data.Images;
using Flip.Tests.Data.Layouts;

namespace Flip.SlowTests.Cli;

/// <summary>Tokenizers and texts that could take the machine, through whole commands in a bounded process.</summary>
[Collection(Alone.Name)]
public sealed class HostileTokenizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ImageFolderFixture _images = new();

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_vocabulary_that_unpacks_without_end_is_refused()
    {
        using (var file = new GZipStream(File.Create(_folder.File("bpe.txt.gz")), CompressionLevel.Fastest))
        {
            var block = new byte[1 << 20];
            for (var i = 0; i < 80; i++)
            {
                file.Write(block);
            }
        }

        using var shards = new LayoutFolder();
        shards.Shard("shard.tar", "txt", "a dog"u8.ToArray(), "a cat"u8.ToArray());
        BoundedCommand.AssertFails(
            ["train", "--preset", "tiny", "--data", shards.File("shard.tar"), "--vocab", _folder.File("bpe.txt.gz"), "-s", "data.tokenizer=clipBpe", "--batch-size", "2", "--run", _folder.File("run")],
            "bpe.txt.gz: unpacks to more than 67108864 bytes");
    }

    [Fact]
    public void A_text_of_many_megabytes_is_refused()
    {
        _images.Add(1);
        TinyModel.Save(_folder.File("model"));
        File.WriteAllText(_folder.File("texts.txt"), "a dog\n" + new string('x', 5 << 20));
        BoundedCommand.AssertFails(
            ["rank", _folder.File("model"), "--images", _images.Path, "--texts-from", _folder.File("texts.txt")],
            "texts.txt, line 2: the text has 5242880 characters, and the longest that is tokenized 4194304");
    }
}
