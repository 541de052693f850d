using Flip.Io;

namespace Flip.Tests.Io;

public sealed class FolderLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_second_holder_is_refused_with_the_first_ones_host_and_process()
    {
        using (FolderLock.Take(_folder.Path))
        {
            var refused = Assert.Throws<FolderInUseException>(() => FolderLock.Take(_folder.Path));
            Assert.Contains($"in use: process {Environment.ProcessId} on {Environment.MachineName}.", refused.Message, StringComparison.Ordinal);
        }

        FolderLock.Take(_folder.Path).Dispose();
    }

    [Fact]
    public void A_dead_holder_on_this_machine_is_not_waited_for()
    {
        Holder(Environment.MachineName, DateTime.UtcNow);
        FolderLock.Take(_folder.Path).Dispose();
    }

    [Fact]
    public void A_holder_on_another_machine_counts_until_it_was_not_seen_for_long()
    {
        Holder("elsewhere", DateTime.UtcNow - (FolderLock.Patience / 2));
        var refused = Assert.Throws<FolderInUseException>(() => FolderLock.Take(_folder.Path));
        Assert.Contains("process 7 on elsewhere, seen less than 2 minutes ago", refused.Message, StringComparison.Ordinal);

        Holder("elsewhere", DateTime.UtcNow - (FolderLock.Patience * 2));
        using var taken = FolderLock.Take(_folder.Path);
        Assert.Contains($"{Environment.ProcessId}", File.ReadAllText(_folder.File(".lock.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_deleted_before_another_process_can_begin_in_it()
    {
        var inner = _folder.File("inner");
        var held = FolderLock.Take(inner);
        File.WriteAllText(Path.Combine(inner, "data"), "x");
        held.DeleteFolder();
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        using var next = FolderLock.Take(inner);
        held.Dispose();
        Assert.Contains(".lock.json", Directory.GetFiles(inner).Select(Path.GetFileName));
        Assert.DoesNotContain("data", Directory.GetFiles(inner).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(".lock")]
    [InlineData(".lock.json")]
    public void A_lock_that_is_a_link_is_refused(string name)
    {
        using var bystander = new Bystander();
        Bystander.LinkTo(bystander.File, _folder.File(name));
        Assert.Contains(name, Assert.Throws<ForeignEntryException>(() => FolderLock.Take(_folder.Path)).Message, StringComparison.Ordinal);
        bystander.AssertUntouched();
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"Host":null,"Process":7}""")]
    [InlineData("""{"Host":"a","Process":99999999999}""")]
    public void A_holder_that_is_none_keeps_no_one_out(string json)
    {
        File.WriteAllText(_folder.File(".lock.json"), json);
        FolderLock.Take(_folder.Path).Dispose();
        File.WriteAllText(_folder.File(".lock.json"), "\"" + new string('x', 1 << 16));
        FolderLock.Take(_folder.Path).Dispose();
    }

    [Fact]
    public void A_holder_of_the_far_future_does_not_count_as_alive()
    {
        Holder("elsewhere", DateTime.UtcNow + TimeSpan.FromDays(3650));
        FolderLock.Take(_folder.Path).Dispose();
    }

    private void Holder(string host, DateTime seen)
    {
        File.WriteAllText(_folder.File(".lock.json"), $$"""{"Host":"{{host}}","Process":7}""");
        File.SetLastWriteTimeUtc(_folder.File(".lock.json"), seen);
    }
}
